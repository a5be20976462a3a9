/** Waits for an answer, and calls `work` with the number of each turn that the loop of events makes meanwhile; gives both. */
export async function whileTurning<T>(
  answer: Promise<T>,
  work: (turn: number) => void = () => undefined,
): Promise<{ readonly answer: T; readonly turns: number }> {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    if (isOver) return;
    turns += 1;
    work(turns);
    setImmediate(turn);
  };
  setImmediate(turn);
  const given = await answer.finally(() => {
    isOver = true;
  });
  return { answer: given, turns };
}
