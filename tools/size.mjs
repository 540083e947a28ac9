// Weighs what a first visit downloads, as the server sends it (brotli 11), against its budget.
import { readdirSync, readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';

// The aim is 300 kB; this is what has been reached, so that nothing slips back unseen.
const BUDGET = 925_000;
const folder = 'target/site/pkg';

let total = 0;
for (const name of readdirSync(folder).sort()) {
  const raw = readFileSync(`${folder}/${name}`);
  const sent = brotliCompressSync(raw).length;
  total += sent;
  console.log(`${name.padEnd(24)} ${String(raw.length).padStart(9)} B  ${String(sent).padStart(9)} B brotli`);
}
console.log(`${'together'.padEnd(24)} ${String(total).padStart(23)} B of ${BUDGET} B`);
if (total > BUDGET) {
  console.error(`error: ${total - BUDGET} B over the budget`);
  process.exitCode = 1;
}
