// Starts the browser half. A script of its own and not inline, so that the page's
// Content-Security-Policy need not allow inline scripts for it.
import init, { hydrate } from './bellwether.js';

const beside = (name) => fetch(new URL(name, import.meta.url));

// cargo-leptos leaves out the suffix that wasm-bindgen gives the module.
const wasm = beside('bellwether_bg.wasm').then((found) =>
  found.ok ? found : beside('bellwether.wasm'),
);

await init({ module_or_path: wasm });
hydrate();
