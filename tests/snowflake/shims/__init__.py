"""What fakesnow 0.12.1 gets wrong, mended where dbt, the runner or our SQL meet it.

- functions.py: functions and expressions. Each shim takes one node of the statement as
  sqlglot read it in Snowflake's dialect and returns it, or another in its place.
- statements.py: statements as a whole, and what a failure does to the transaction.
- wire.py: what travels back to the connector.
- speed.py: what is done again and again, done once.

To add one: write a function with its reason under `@node` or `@whole`. A shim makes the
emulator do what Snowflake documents; it never allows what Snowflake would refuse.
"""
