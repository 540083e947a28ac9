"""Tasks to try celery_bridge.py with; the settings are what the bridge asks of an application.

    celery -A celery_tasks worker --loglevel=INFO
    python3 -c 'from celery_tasks import *; add.delay(2, 3); fetch.delay("report", "/tmp/no-such-file")'
"""
import os
from celery import Celery

redis = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
app = Celery("celery_tasks", broker=redis, backend=redis)
app.conf.update(
    task_send_sent_event=True,  # producers tell what they queue, and in which queue
    worker_send_task_events=True,  # workers tell what becomes of it, as with `worker -E`
    result_extended=True,  # results keep the arguments, so that a task can be sent again
    broker_connection_retry_on_startup=True,
)


@app.task
def add(a, b):
    return a + b


@app.task(autoretry_for=(OSError,), max_retries=1, default_retry_delay=0.2)
def fetch(what, path):
    """Fails as long as there is no such file, is tried once more, and is then given up."""
    with open(path, encoding="utf-8") as file:
        return f"{what}: {len(file.read())} characters"
