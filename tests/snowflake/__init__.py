"""The Snowflake path, against an emulator: docs/snowflake.md says what that proves."""
