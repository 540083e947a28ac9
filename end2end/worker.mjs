// A worker of its own process, as small as one can be: worker.mjs URL SOURCE [fail].
// It asks for commands by long poll and obeys: a retried task is queued, begun and completed, or,
// with `fail`, given up again; a cancelled one is cancelled. SIGTERM ends it.
const [url, source, mood] = process.argv.slice(2);
const answered = new Set();

const post = async (path, body) => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
};

const tell = (...events) =>
  post('/api/v1/events', events.map(([type, data]) => ({ type, source, time: new Date().toISOString(), data })));

async function obey({ id, command, task_id: task }) {
  // Commands come at least once.
  if (answered.has(id)) return;
  answered.add(id);
  await post(`/api/v1/commands/${id}/ack`, { status: 'done', detail: `${command} done` });
  if (command === 'cancel') return tell(['task.cancelled', { task, reason: 'as asked' }]);
  const agent = 'robot';
  await tell(['task.queued', { task }]);
  await tell(['task.assigned', { task, agent }], ['task.started', { task, agent }]);
  await (mood === 'fail'
    ? tell(['task.failed', { task, agent, error: 'still broken' }], ['task.dead_lettered', { task, error: 'still broken' }])
    : tell(['task.completed', { task, agent, duration_ms: 1_200, result: { mended: true } }]));
}

console.log('ready');
for (;;) {
  const response = await fetch(`${url}/api/v1/commands?source=${encodeURIComponent(source)}&wait=20`);
  if (!response.ok) throw new Error(`commands: ${response.status} ${await response.text()}`);
  for (const order of (await response.json()).commands) await obey(order);
}
