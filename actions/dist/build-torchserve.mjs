import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runAction } = await import('./trainyard.mjs');
await runAction("build-torchserve", new URL('../..', import.meta.url));
