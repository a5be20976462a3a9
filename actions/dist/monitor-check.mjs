import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runAction } = await import('./trainyard.mjs');
await runAction("monitor-check", new URL('../..', import.meta.url));
