"""What only an account of Snowflake can prove: docs/snowflake.md."""
