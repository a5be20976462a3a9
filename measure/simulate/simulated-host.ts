/** The one host that simulated traffic and simulated predictions come from. */
export const SIMULATED_HOST = { hostId: '00000000-0000-4000-8000-000000000000', host: 'simulated' } as const;
