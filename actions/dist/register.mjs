import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runAction } = await import('./trainyard.mjs');
await runAction("register", new URL('../..', import.meta.url));
