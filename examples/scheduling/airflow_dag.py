"""Build the models and push what changed to Braze, every quarter of an hour.

Airflow 3, on a worker where the project and its warehouse are.
"""

from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

ANOTHER_IS_AT_WORK = 5

with DAG(
    dag_id="braze_bridge",
    schedule="*/15 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    # What is pending now is all there is to send: a missed turn needs no backfill.
    catchup=False,
    max_active_runs=1,
):
    BashOperator(
        task_id="run",
        cwd="/srv/shop",
        bash_command=(
            "/srv/shop/.venv/bin/runner run -- --quiet "
            "--exclude-resource-type unit_test"
        ),
        env={
            "BRAZE_REST_ENDPOINT": "US-03",
            "BRAZE_API_KEY_FILE": "/etc/braze-bridge/api-key",
        },
        append_env=True,
        skip_on_exit_code=ANOTHER_IS_AT_WORK,
        retries=1,
        retry_delay=timedelta(minutes=2),
        execution_timeout=timedelta(hours=1),
    )
