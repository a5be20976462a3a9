import type { AgentState } from '../../api.ts';
import type { AuditEntry } from '../../audit-entry.ts';
import { tellCaller, tellWhat } from '../../tell-audit-entry.ts';
import { cell, columns, type TableView, type Tone } from './view.ts';
import { sayAgo } from './words.ts';

/** Rows of the table, the newest. */
const MOST_TOLD = 20;

type Happening = {
  readonly at: string;
  readonly what: string;
  readonly by: string;
  readonly answer: string;
  readonly tone: Tone;
};

/** What happened on the host lately, the newest first: what it did by itself, and the calls that were to change something or were refused. */
export function viewEvents(state: AgentState, calls: readonly AuditEntry[], nowMs: number): TableView {
  const all = [startOf(state), ...changesOf(state), ...brakesOf(state), ...calls.map(callOf)];
  const newest = all.toSorted((left, right) => Date.parse(right.at) - Date.parse(left.at));
  return {
    caption: 'What happened on this host',
    columns: columns('When', 'What', 'By', 'Answer'),
    rows: newest
      .slice(0, MOST_TOLD)
      .map(({ at, what, by, answer, tone }) => [
        cell(sayAgo(at, nowMs)),
        cell(what, tone),
        cell(by),
        cell(answer),
      ]),
    empty: 'Nothing happened yet.',
  };
}

const BY_ITSELF = { by: 'the agent', answer: '' };

function startOf({ startedAt, agentVersion }: AgentState): Happening {
  return { at: startedAt, what: `The agent ${agentVersion} was started`, by: '', answer: '', tone: 'plain' };
}

function changesOf({ instances }: AgentState): readonly Happening[] {
  return instances.map(({ model, version, state, since, code }) => ({
    ...{ at: since, what: `${model} v${version} is ${state}${code === undefined ? '' : `: ${code}`}` },
    ...{ ...BY_ITSELF, tone: state === 'failed' ? 'bad' : 'plain' },
  }));
}

/** The brake that is on may be among those that stand. */
function brakesOf({ traffic }: AgentState): readonly Happening[] {
  return Object.entries(traffic).flatMap(([model, { brake, braked = [] }]) => {
    const others = braked.filter(({ at }) => at !== brake?.at);
    return [...others, ...(brake === undefined ? [] : [brake])].map(
      ({ at, version, code }): Happening => ({
        ...{ at, what: `${model} v${version} was braked: ${code}` },
        ...{ ...BY_ITSELF, tone: 'bad' },
      }),
    );
  });
}

function callOf(entry: AuditEntry): Happening {
  const by = tellCaller(entry.by);
  if ('untold' in entry) return { at: entry.at, what: tellWhat(entry), by, answer: '', tone: 'plain' };
  const { at, status, code } = entry;
  const answer = `${status}${code === undefined ? '' : ` ${code}`}`;
  return { at, what: tellWhat(entry), by, answer, tone: status >= 400 ? 'warn' : 'plain' };
}
