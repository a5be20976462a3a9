import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runAction } = await import('./trainyard.mjs');
await runAction("train", new URL('../..', import.meta.url));
