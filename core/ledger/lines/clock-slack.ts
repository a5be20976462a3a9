/** How far the clocks of two jobs may differ before the times of their events look wrong. */
export const CLOCK_SLACK_SECONDS = 600;
