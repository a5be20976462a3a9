import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import type { AgentContext } from '../context.ts';
import { addExemplars } from './add-exemplars.ts';
import { countRequests } from './count-requests.ts';
import { readHost } from './read-host.ts';
import { readModels } from './read-models.ts';
import { METRICS, type SamplesOf, type ServedSample } from './table.ts';

/** How metrics are written down: in Prometheus' own text format (version 0.0.4), or in OpenMetrics (1.0), which has exemplars. */
type Format = 'prometheus' | 'openmetrics';

/** The agent's metrics in a format. */
export async function renderMetrics(context: AgentContext, format: Format = 'prometheus'): Promise<string> {
  const [requests, host] = await Promise.all([countRequests(context), readHost(context)]);
  const samples: SamplesOf<keyof typeof METRICS> = { ...requests, ...readModels(context), ...host };
  // A registry for each answer: others count, and there is nothing to keep in between.
  if (format === 'prometheus') return writeDown(new Registry(), samples);
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return writeDown(open, { ...samples, duration: addExemplars(context, samples.duration) });
}

type AnyRegistry = Registry | Registry<OpenMetricsContentType>;

function writeDown(registry: AnyRegistry, samples: SamplesOf<keyof typeof METRICS>): Promise<string> {
  for (const key of KEYS) addMetric(registry, METRICS[key], samples[key]);
  return registry.metrics();
}

const KEYS = Object.keys(METRICS).filter((key): key is keyof typeof METRICS => key in METRICS);

type Described = (typeof METRICS)[keyof typeof METRICS];

function addMetric(
  registry: AnyRegistry,
  { name, help, type, labels: labelNames }: Described,
  samples: readonly ServedSample[],
): void {
  // One without labels would be served as 0 where nothing is known of it.
  if (samples.length === 0) return;
  const told = { name, help, labelNames: [...labelNames], registers: [registry] };
  switch (type) {
    case 'histogram':
      new CountedHistogram(told, samples);
      return;
    case 'counter': {
      const counter = new Counter(told);
      for (const { labels, value } of samples) counter.inc(labels, value);
      return;
    }
    case 'gauge': {
      const gauge = new Gauge(told);
      for (const { labels, value } of samples) gauge.set(labels, value);
      return;
    }
  }
}

type Registered = ConstructorParameters<typeof Histogram<string>>[0];

/** A histogram whose requests the proxy has counted: prom-client's own can only observe them one by one. */
class CountedHistogram extends Histogram {
  readonly #told: Registered;
  readonly #values: readonly ServedSample[];

  constructor(told: Registered, values: readonly ServedSample[]) {
    super(told);
    this.#told = told;
    this.#values = values;
  }

  /** What the registry writes down of it. */
  async getForPromString(): Promise<object> {
    return { name: this.#told.name, help: this.#told.help, type: 'histogram', values: this.#values };
  }
}
