// css.mjs FROM TO: one style sheet out of many (@import), minified.
import { writeFileSync } from 'node:fs';
import { bundle } from 'lightningcss';

const [from, to] = process.argv.slice(2);
const { code, warnings } = bundle({ filename: from, minify: true });
for (const { message, loc } of warnings) {
  console.error(`${loc.filename}:${loc.line}: ${message}`);
}
writeFileSync(to, code);
process.exitCode = warnings.length > 0 ? 1 : 0;
