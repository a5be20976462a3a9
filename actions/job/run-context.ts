/** The toolkit's reading of the run and its event. Taken by its name here, so that the bundle leaves the toolkit's client out of every start. */
export { context } from '@actions/github';
