/** Under which name the status of a commit is kept: a model has one for each environment that it may lead to. */
export function statusContext(model: string, environment: string | undefined): string {
  return ['trainyard', model, ...(environment === undefined ? [] : [environment])].join('/');
}
