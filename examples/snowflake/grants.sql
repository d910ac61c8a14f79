-- What Braze Bridge needs in Snowflake, and no more. Run it once, before the first build;
-- running it again changes nothing. The names are those of profiles.example.yml: database
-- ANALYTICS, schema BRIDGE, which dbt puts before the name of each schema below.
--
--   TRANSFORMER    dbt: makes and owns every table and view. You may have such a role.
--   BRAZE_RUNNER   `runner plan`, `push`, `status` ...: reads models and pending rows, writes
--                  the ledger. It can change no mart and no source.
--   BRAZE_PULL     only for Cloud Data Ingestion: Braze itself, which reads its views.

use role sysadmin;

-- Suspended after a minute of rest: docs/scale.md says what that costs.
create warehouse if not exists transforming
    warehouse_size = 'XSMALL' auto_suspend = 60 auto_resume = true initially_suspended = true;
-- Braze's, for Cloud Data Ingestion: what it costs is seen apart, and it delays no push.
create warehouse if not exists braze_pulling
    warehouse_size = 'XSMALL' auto_suspend = 60 auto_resume = true initially_suspended = true;
create database if not exists analytics;

-- Managed: who owns a table in them cannot grant it to others.
create schema if not exists analytics.bridge with managed access;
create schema if not exists analytics.bridge_raw with managed access;
create schema if not exists analytics.bridge_currents with managed access;
create schema if not exists analytics.bridge_staging with managed access;
create schema if not exists analytics.bridge_intermediate with managed access;
create schema if not exists analytics.bridge_marts with managed access;
create schema if not exists analytics.bridge_sync with managed access;
create schema if not exists analytics.bridge_ledger with managed access;
create schema if not exists analytics.bridge_cloud_data_ingestion with managed access;

use role securityadmin;

-- dbt -----------------------------------------------------------------------------------
create role if not exists transformer;
grant usage on warehouse transforming to role transformer;
grant usage on database analytics to role transformer;
grant usage, create table, create view on schema analytics.bridge to role transformer;
grant usage, create table, create view on schema analytics.bridge_raw to role transformer;
grant usage on schema analytics.bridge_currents to role transformer;
grant select on all tables in schema analytics.bridge_currents to role transformer;
grant select on future tables in schema analytics.bridge_currents to role transformer;
grant usage, create table, create view on schema analytics.bridge_staging to role transformer;
grant usage, create table, create view on schema analytics.bridge_intermediate to role transformer;
grant usage, create table, create view on schema analytics.bridge_marts to role transformer;
grant usage, create table, create view on schema analytics.bridge_sync to role transformer;
grant usage, create table, create view on schema analytics.bridge_ledger to role transformer;
-- Should it push: the outbox of a run of BRAZE_RUNNER's that was cut off must be settled first.
grant select on all tables in schema analytics.bridge_ledger to role transformer;
grant select on future tables in schema analytics.bridge_ledger to role transformer;
grant usage, create table, create view on schema analytics.bridge_cloud_data_ingestion to role transformer;
-- And of your own sources, for each of their schemas:
-- grant usage on database raw to role transformer;
-- grant usage on schema raw.shop to role transformer;
-- grant select on all tables in schema raw.shop to role transformer;
-- grant select on future tables in schema raw.shop to role transformer;

-- The runner ----------------------------------------------------------------------------
-- `future`: a build replaces views and tables, and what was granted on the old ones goes.
create role if not exists braze_runner;
grant usage on warehouse transforming to role braze_runner;
grant usage on database analytics to role braze_runner;
-- Here it works, and makes temporary tables, for which usage is enough.
grant usage on schema analytics.bridge to role braze_runner;
-- What Movable Ink's events are built from says which visitor an erased customer was.
grant usage on schema analytics.bridge_staging to role braze_runner;
grant select on all tables in schema analytics.bridge_staging to role braze_runner;
grant select on future tables in schema analytics.bridge_staging to role braze_runner;
grant select on all views in schema analytics.bridge_staging to role braze_runner;
grant select on future views in schema analytics.bridge_staging to role braze_runner;
grant usage on schema analytics.bridge_intermediate to role braze_runner;
grant select on all tables in schema analytics.bridge_intermediate to role braze_runner;
grant select on future tables in schema analytics.bridge_intermediate to role braze_runner;
grant select on all views in schema analytics.bridge_intermediate to role braze_runner;
grant select on future views in schema analytics.bridge_intermediate to role braze_runner;
grant usage on schema analytics.bridge_marts to role braze_runner;
grant select on all tables in schema analytics.bridge_marts to role braze_runner;
grant select on future tables in schema analytics.bridge_marts to role braze_runner;
grant select on all views in schema analytics.bridge_marts to role braze_runner;
grant select on future views in schema analytics.bridge_marts to role braze_runner;
grant usage on schema analytics.bridge_sync to role braze_runner;
grant select on all views in schema analytics.bridge_sync to role braze_runner;
grant select on future views in schema analytics.bridge_sync to role braze_runner;
-- `runner unknown settle` reads what Currents tells.
grant usage on schema analytics.bridge_currents to role braze_runner;
grant select on all tables in schema analytics.bridge_currents to role braze_runner;
grant select on future tables in schema analytics.bridge_currents to role braze_runner;
-- The ledger is dbt's tables and the runner's rows; outboxes are tables of the runner's own.
grant usage, create table on schema analytics.bridge_ledger to role braze_runner;
grant select, insert, update, delete on all tables in schema analytics.bridge_ledger to role braze_runner;
grant select, insert, update, delete on future tables in schema analytics.bridge_ledger to role braze_runner;

-- `runner run` and `runner build` start dbt under the role of their target: give that user
-- TRANSFORMER, and TRANSFORMER what the runner may. Leave it out where dbt runs elsewhere.
-- grant role braze_runner to role transformer;

-- Braze, for Cloud Data Ingestion: docs/cloud-data-ingestion.md ---------------------------
create role if not exists braze_pull;
grant usage on warehouse braze_pulling to role braze_pull;
grant usage on database analytics to role braze_pull;
grant usage on schema analytics.bridge_cloud_data_ingestion to role braze_pull;
grant select on all views in schema analytics.bridge_cloud_data_ingestion to role braze_pull;
grant select on future views in schema analytics.bridge_cloud_data_ingestion to role braze_pull;

-- Who administers sees everything that is made.
grant role transformer to role sysadmin;
grant role braze_runner to role sysadmin;
grant role braze_pull to role sysadmin;

-- Users ---------------------------------------------------------------------------------
-- Services have no password: each signs in with a key pair of its own.
--   openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes-256-cbc -out runner.p8
--   openssl rsa -in runner.p8 -pubout   # its lines between BEGIN and END, joined, go below
use role useradmin;
create user if not exists transformer_service
    type = service default_role = transformer default_warehouse = transforming
    rsa_public_key = '<public key of dbt>';
create user if not exists braze_runner_service
    type = service default_role = braze_runner default_warehouse = transforming
    rsa_public_key = '<public key of the runner>';
create user if not exists braze_pull_service
    type = service default_role = braze_pull default_warehouse = braze_pulling
    rsa_public_key = '<public key that the dashboard of Braze shows>';

use role securityadmin;
grant role transformer to user transformer_service;
grant role braze_runner to user braze_runner_service;
grant role braze_pull to user braze_pull_service;

-- A new key without a pause: set the second, let the runner sign in with it, unset the first.
-- alter user braze_runner_service set rsa_public_key_2 = '<the new public key>';
-- alter user braze_runner_service unset rsa_public_key;

-- Let them in from where they run and from nowhere else; for Braze, the addresses of your
-- region that its documentation of Cloud Data Ingestion lists.
-- create network policy if not exists braze_runner_addresses
--     allowed_ip_list = ('203.0.113.10/32');
-- alter user braze_runner_service set network_policy = braze_runner_addresses;
