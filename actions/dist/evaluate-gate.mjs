import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runAction } = await import('./trainyard.mjs');
await runAction("evaluate-gate", new URL('../..', import.meta.url));
