import type { CrossProblem } from './cross-problem.ts';
import type { RawServingInput } from './schema/serving-input.ts';

/** What is wrong with the steps of a picture, beyond what each key alone shows. */
export function checkServingInput(input: RawServingInput): readonly CrossProblem[] {
  const { mode, layout, size, std, 'shorter-side': shorter } = input;
  const problems: CrossProblem[] = [];
  const channels = mode === 'L' ? 1 : 3;
  for (const key of ['mean', 'std'] as const) {
    const { length } = input[key];
    if (length === 1 || length === channels) continue;
    const message = `${length} numbers are given, and \`mode: ${mode}\` has ${channels === 1 ? 'one channel' : '3 channels'}.`;
    const remedy = `Write one number${channels === 1 ? '' : ', or one for each channel'}.`;
    problems.push({ code: 'picture-channels', path: [key], message, remedy });
  }
  if (std.includes(0)) {
    const message = 'Nothing can be divided by 0.';
    problems.push({
      code: 'picture-std',
      path: ['std'],
      message,
      remedy: 'Write what the model was trained with.',
    });
  }
  if (layout === 'HW' && mode !== 'L') {
    const message = 'The layout has no axis for the three channels.';
    const remedy = 'Write `layout: CHW` or `HWC`, or `mode: L`.';
    problems.push({ code: 'picture-layout', path: ['layout'], message, remedy });
  }
  if (shorter !== undefined && shorter < Math.max(...size)) {
    const message = `A picture whose shorter side is ${shorter} pixels has no middle of ${size.join(' × ')}.`;
    const remedy = `Write at least \`shorter-side: ${Math.max(...size)}\`, or leave it out.`;
    problems.push({ code: 'picture-size', path: ['shorter-side'], message, remedy });
  }
  return problems;
}
