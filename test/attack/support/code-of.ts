/** The code by which some work was refused; the words of anything else that it threw; `done` where it was not stopped. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (thrown) {
    const { problems, problem, message } = Object(thrown);
    return String(problems?.[0]?.code ?? problem?.code ?? message);
  }
}
