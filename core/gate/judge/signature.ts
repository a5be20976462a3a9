import type { Reason } from '../../verdict.ts';
import type { Check } from '../check.ts';
import type { ModelSignature, SignatureField } from '../signature.ts';

/** Both models' signatures; the champion's may be missing (first model), the challenger's must not. */
export type Signatures = { readonly champion?: ModelSignature; readonly challenger: ModelSignature };

/**
 * Whether every request that the champion takes the challenger takes too, and gives answers of the same form: the same names, types and
 * numbers of axes. New inputs are allowed where they are optional, and a required input may become optional; outputs must be the same.
 */
export function judgeSignature(signatures: Signatures | undefined): Check {
  const reasons = signatures === undefined ? [noSignature()] : reasonsOf(signatures);
  const met: Reason = {
    code: signatures?.champion === undefined ? 'signature-present' : 'signature-compatible',
    metric: 'signature',
    message:
      signatures?.champion === undefined
        ? 'The challenger has a signature.'
        : 'The challenger takes every request that the champion takes.',
  };
  return {
    rule: 'signature',
    metric: 'signature',
    need: signatures?.champion === undefined ? 'present' : 'compatible with the champion',
    verdict: reasons.length === 0 ? 'pass' : 'fail',
    reasons: reasons.length === 0 ? [met] : reasons,
  };
}

function reasonsOf({ champion, challenger }: Signatures): Reason[] {
  if (challenger.inputs.length === 0) return [noSignature()];
  if (champion === undefined) return [];
  return [
    ...differences(champion.inputs, challenger.inputs, 'input'),
    ...differences(champion.outputs, challenger.outputs, 'output'),
  ];
}

function differences(
  before: readonly SignatureField[],
  after: readonly SignatureField[],
  kind: 'input' | 'output',
): Reason[] {
  const matched = before.map((field, place) => ({ field, now: counterpart(field, place, after) }));
  const changed = matched.flatMap(({ field, now }, place) => changeOf({ field, now }, place, kind));
  const known = new Set(matched.map(({ now }) => now));
  const added = after.filter((field) => !known.has(field) && isBreakingAddition(field, before, kind));
  return [
    ...changed,
    ...added.map((field) => {
      const what = kind === 'input' ? 'wants a new required input' : 'gives a new output';
      return reason(`${kind}-added`, `The challenger ${what}, ${quote(field, after.indexOf(field))}.`);
    }),
  ];
}

/** Clients that know nothing of an optional input can leave it out; they can't leave out part of an answer. */
function isBreakingAddition(
  field: SignatureField,
  before: readonly SignatureField[],
  kind: 'input' | 'output',
): boolean {
  return kind === 'input' ? field.required : before.length > 0;
}

/** By name where fields have names, else by place. */
function counterpart(
  field: SignatureField,
  place: number,
  others: readonly SignatureField[],
): SignatureField | undefined {
  return field.name === undefined ? others[place] : others.find((other) => other.name === field.name);
}

/** A field of the champion's, and what has become of it in the challenger. */
type MatchedField = { readonly field: SignatureField; readonly now: SignatureField | undefined };

function changeOf({ field, now }: MatchedField, place: number, kind: 'input' | 'output'): Reason[] {
  const name = `${kind} ${quote(field, place)}`;
  if (now === undefined)
    return [reason(`${kind}-removed`, `The challenger has no ${name}, which the champion has.`)];
  const reasons: Reason[] = [];
  if (now.type !== field.type) {
    reasons.push(reason(`${kind}-type`, `The ${name} is ${now.type} and was ${field.type}.`));
  }
  if (now.shape?.length !== field.shape?.length) {
    reasons.push(reason(`${kind}-rank`, `The ${name} has ${axes(now)} and had ${axes(field)}.`));
  }
  if (kind === 'input' && now.required && !field.required) {
    reasons.push(reason('input-required', `The ${name} is required and was optional.`));
  }
  return reasons;
}

function noSignature(): Reason {
  return reason(
    'no-signature',
    'The challenger was logged without a signature. Log the model with signature= or input_example=.',
  );
}

function reason(code: string, message: string): Reason {
  return { code, metric: 'signature', message };
}

function quote(field: SignatureField, place: number): string {
  return field.name === undefined ? `number ${place + 1}` : JSON.stringify(field.name);
}

function axes(field: SignatureField): string {
  const count = field.shape?.length;
  if (count === undefined) return 'no axes';
  return count === 1 ? '1 axis' : `${count} axes`;
}
