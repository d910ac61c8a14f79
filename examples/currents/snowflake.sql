-- Currents on Snowflake: the stage, the file format and the COPY that load Braze's files.
--
-- Where the runner loads into DuckDB, Snowflake reads the bucket itself. Put your schema,
-- bucket and storage integration in the places below and run all of it once; afterwards
-- the COPY alone, every hour, loads what is new.

create schema if not exists analytics.bridge_currents;
use schema analytics.bridge_currents;

create file format if not exists currents_avro type = avro;

create stage if not exists currents_files_stage
    url = 's3://your-bucket/currents/'
    storage_integration = braze_currents
    file_format = (format_name = 'currents_avro');

-- Every event of every type as it came. COPY keeps its own manifest of files for 64 days
-- and leaves out those it has loaded; a file that cannot be read is skipped and listed by
-- copy_history. Each event may still come twice: the views below keep one of each id.
create table if not exists currents_events (
    event_type varchar,
    event variant,
    _file varchar,
    _hour timestamp_ntz,
    _loaded_at timestamp_ntz
);

-- .../event_type=<type>/date=<YYYY-MM-DD-HH>/<schema-id>/<zone>/*.avro, at any depth.
copy into currents_events (event_type, event, _file, _hour, _loaded_at)
from (
    select
        regexp_substr(metadata$filename, 'event_type=([^/]+)', 1, 1, 'e', 1),
        $1,
        metadata$filename,
        to_timestamp_ntz(
            regexp_substr(metadata$filename, 'date=([0-9-]{13})/', 1, 1, 'e', 1),
            'YYYY-MM-DD-HH24'
        ),
        sysdate()
    from @currents_files_stage
)
pattern = '.*event_type=[^/]+/date=[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2}/.*[.]avro'
on_error = skip_file;

-- One view an event type, named as the runner names its tables on DuckDB. Fields are
-- taken by name, so a schema that grows breaks nothing. The first of two copies counts.
create or replace view users_messages_email_open as
select
    event:id::varchar as id,
    event:user_id::varchar as user_id,
    event:external_user_id::varchar as external_user_id,
    event:app_group_id::varchar as app_group_id,
    event:time::bigint as time,
    event:email_address::varchar as email_address,
    event:campaign_id::varchar as campaign_id,
    event:canvas_id::varchar as canvas_id,
    event:machine_open::varchar as machine_open,
    _file,
    _hour,
    _loaded_at
from currents_events
where event_type = 'users.messages.email.Open'
qualify row_number() over (partition by event:id order by _loaded_at, _file) = 1;

-- Hours without any file between the first and the last.
create or replace view currents_gaps as
with

hours as (
    select distinct _hour from currents_events
),

followed as (
    select
        _hour,
        lead(_hour) over (order by _hour) as next_hour
    from hours
)

select
    dateadd('hour', 1, _hour) as first_hour,
    dateadd('hour', -1, next_hour) as last_hour,
    datediff('hour', _hour, next_hour) - 1 as hours
from followed
where datediff('hour', _hour, next_hour) > 1;
