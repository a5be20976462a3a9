/** Of the handler that this version of Trainyard packs: over a line for each of its files in the archive. Written by `npm run docs`. */
export const HANDLER_DIGEST = 'sha256:1df3958dad3b62186b7f540e730059e443b5cfc5beb65d5eadc7d2be90e599c3';

/** What else an archive holds: settings, profile and a request to warm up with, and the model itself. */
export const MODEL_FILES: readonly string[] = ['settings.json', 'profile.json', 'warm-up.json', 'payload/'];
