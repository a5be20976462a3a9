const SERVING =
  'Serving what people serve: pictures, tensors, text, GPUs, batches, at the speed of the model';

/**
 * Settings that trainyard.yml takes and nothing reads yet, with the issue that will wire them. A key that is read and still stands here
 * fails the test, as does one that is not read and does not: the list may only shrink.
 */
export const UNREAD_KEYS: Readonly<Record<string, string>> = {
  'serving.framework': SERVING,
};

/** Optional fields of core's types that production never sets yet, with the issue that will wire them; it may only shrink, too. */
export const UNSET_FIELDS: Readonly<Record<string, string>> = {};
