import { Component, type ComponentChild, createRef, h } from 'preact';
import uPlot from 'uplot';
import { formatDecimal, formatPercent } from '../../../core/report/format-number.ts';
import type { ChartView } from '../../../core/serving/screen/view/view.ts';
import { sayEvidence, sayMs } from '../../../core/serving/screen/view/words.ts';

const HEIGHT = 170;
/** Evidence is drawn from 0.1:1 to so many times its limit: a quiet rollout is a line at the bottom, and one far beyond its limit one at the top. */
const LEAST_EVIDENCE = Math.log(0.1);
const BEYOND_LIMIT = Math.log(30);

/** A scale shows so much at least: small numbers look small. */
const LEAST_TOP: Readonly<Record<ChartView['unit'], number>> = {
  'per-second': 1,
  share: 0.01,
  ms: 10,
  evidence: 1,
};

const SAY: Readonly<Record<ChartView['unit'], (value: number) => string>> = {
  'per-second': formatDecimal,
  share: formatPercent,
  ms: sayMs,
  evidence: sayEvidence,
};

/** Lines on a canvas. What they say stands beside it in words: for those who see them this adds the value under the pointer. */
export class Plot extends Component<{ readonly chart: ChartView }> {
  readonly #place = createRef<HTMLDivElement>();
  readonly #readout = createRef<HTMLParagraphElement>();
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');
  readonly #draw = () => this.#redraw();
  #plot: uPlot | undefined;
  #watch: ResizeObserver | undefined;

  override componentDidMount(): void {
    this.#redraw();
    this.#dark.addEventListener('change', this.#draw);
    this.#watch = new ResizeObserver(() => this.#fit());
    if (this.#place.current !== null) this.#watch.observe(this.#place.current);
  }

  override shouldComponentUpdate({ chart }: { readonly chart: ChartView }): boolean {
    return JSON.stringify(chart) !== JSON.stringify(this.props.chart);
  }

  override componentDidUpdate(): void {
    this.#redraw();
  }

  override componentWillUnmount(): void {
    this.#dark.removeEventListener('change', this.#draw);
    this.#watch?.disconnect();
    this.#plot?.destroy();
  }

  override render(): ComponentChild {
    const { chart } = this.props;
    return h(
      'div',
      { class: 'plot' },
      h('div', { ref: this.#place, role: 'img', 'aria-label': `${chart.title}. ${chart.summary}` }),
      h('p', { ref: this.#readout, class: 'readout', 'aria-hidden': 'true' }, ' '),
    );
  }

  #fit(): void {
    const width = this.#place.current?.clientWidth ?? 0;
    if (width > 0 && this.#plot !== undefined && this.#plot.width !== width) {
      this.#plot.setSize({ width, height: HEIGHT });
    }
  }

  #redraw(): void {
    const place = this.#place.current;
    if (place === null) return;
    this.#plot?.destroy();
    const { chart } = this.props;
    const read = (plot: uPlot) => this.#read(plot);
    this.#plot = new uPlot(optionsOf(chart, place, read), dataOf(chart), place);
  }

  #read({ cursor: { idx } }: uPlot): void {
    const { xs, lines, unit } = this.props.chart;
    if (this.#readout.current === null) return;
    const x = idx === null || idx === undefined ? undefined : xs[idx];
    const said = lines.map(({ name, values }) => {
      const value = idx === null || idx === undefined ? null : (values[idx] ?? null);
      return `${name} ${value === null ? '–' : SAY[unit](value)}`;
    });
    this.#readout.current.textContent =
      x === undefined ? ' ' : `${new Date(1_000 * x).toLocaleTimeString()}: ${said.join(', ')}`;
  }
}

function dataOf(chart: ChartView): uPlot.AlignedData {
  const { xs, lines, limit } = chart;
  const limits = limit === undefined ? [] : [xs.map(() => limit.value)];
  return [[...xs], ...lines.map(({ values }) => values.map((value) => clip(value, chart))), ...limits];
}

function clip(value: number | null, { unit, limit }: ChartView): number | null {
  if (value === null || unit !== 'evidence') return value;
  return Math.min((limit?.value ?? 0) + BEYOND_LIMIT, Math.max(LEAST_EVIDENCE, value));
}

function optionsOf(chart: ChartView, place: HTMLElement, read: (plot: uPlot) => void): uPlot.Options {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: colour('quiet'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  };
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false },
    scales: {
      x: { range: (_plot, low, high) => widen(low, high) },
      y: { range: (_plot, _low, high) => rangeOf(chart, high) },
    },
    axes: [
      { ...axis, size: 40, space: 64 },
      {
        ...axis,
        size: 72,
        space: 28,
        values: (_plot, splits) => splits.map((split) => SAY[chart.unit](split)),
        ...(chart.unit === 'evidence' && { splits: (_plot, _axis, low, high) => decades(low, high) }),
      },
    ],
    series: [
      {},
      ...chart.lines.map(({ arm }) => ({
        stroke: colour(arm),
        width: 2,
        points: { show: true, size: 5, filter: (plot: uPlot, index: number) => lonely(plot.data[index]) },
      })),
      ...(chart.limit === undefined
        ? []
        : [{ stroke: colour('bad'), width: 1, dash: [6, 4], points: { show: false } }]),
    ],
    hooks: { setCursor: [read] },
  };
}

function rangeOf({ unit, limit }: ChartView, high: number | null): [number, number] {
  if (unit === 'evidence') return [LEAST_EVIDENCE, Math.max(high ?? 0, limit?.value ?? 0) + 0.3];
  return [0, Math.max(LEAST_TOP[unit], (high ?? 0) * 1.1)];
}

/** A minute at least: of a single poll no time can be read. */
function widen(low: number | null, high: number | null): [number, number] {
  const [from, to] = [low ?? 0, high ?? 0];
  const missing = Math.max(0, 60 - (to - from)) / 2;
  return [from - missing, to + missing];
}

/** Values with nothing beside them, which no line leads to. */
function lonely(values: ArrayLike<number | null | undefined> = []): number[] {
  const all = Array.from(values, (value) => value ?? null);
  return [...all.keys()].filter(
    (index) => all[index] !== null && (all[index - 1] ?? null) === null && (all[index + 1] ?? null) === null,
  );
}

/** Odds are read in tens. */
function decades(low: number, high: number): number[] {
  const all: number[] = [];
  for (let power = Math.ceil(low / Math.LN10); power * Math.LN10 <= high; power += 1)
    all.push(power * Math.LN10);
  const every = Math.max(1, Math.ceil(all.length / 5));
  return all.filter((_, index) => index % every === 0);
}
