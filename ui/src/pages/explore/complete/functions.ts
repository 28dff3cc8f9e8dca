// The words PromQL knows, each with a line of help. From the Prometheus 3 documentation.

export type Known = { name: string; help: string }

export const AGGREGATIONS: readonly Known[] = [
  { name: 'sum', help: 'adds values up' },
  { name: 'avg', help: 'mean of values' },
  { name: 'min', help: 'smallest value' },
  { name: 'max', help: 'largest value' },
  { name: 'count', help: 'how many series' },
  { name: 'group', help: 'one per group, whatever the values' },
  { name: 'stddev', help: 'standard deviation over series' },
  { name: 'stdvar', help: 'variance over series' },
  { name: 'topk', help: 'the k largest series' },
  { name: 'bottomk', help: 'the k smallest series' },
  { name: 'quantile', help: 'a quantile over series' },
  { name: 'count_values', help: 'how many series have each value' },
]

const NAMES: readonly (readonly [string, string])[] = [
  ['rate', 'increase a second over a range, for counters'],
  ['irate', 'increase a second between the last two samples'],
  ['increase', 'increase over a range, for counters'],
  ['delta', 'difference over a range, for gauges'],
  ['idelta', 'difference between the last two samples'],
  ['deriv', 'slope a second by regression, for gauges'],
  ['predict_linear', 'value in t seconds by regression'],
  ['avg_over_time', 'mean over a range'],
  ['min_over_time', 'smallest over a range'],
  ['max_over_time', 'largest over a range'],
  ['sum_over_time', 'sum over a range'],
  ['count_over_time', 'how many samples in a range'],
  ['quantile_over_time', 'a quantile over a range'],
  ['stddev_over_time', 'standard deviation over a range'],
  ['stdvar_over_time', 'variance over a range'],
  ['last_over_time', 'latest sample in a range'],
  ['present_over_time', 'one where a range has samples'],
  ['absent_over_time', 'one where a range has none'],
  ['changes', 'how often the value changed'],
  ['resets', 'how often a counter began anew'],
  ['histogram_quantile', 'a quantile from buckets'],
  ['label_replace', 'sets a label from another'],
  ['label_join', 'joins labels into one'],
  ['absent', 'one where nothing is found'],
  ['abs', 'without its sign'],
  ['ceil', 'rounded up'],
  ['floor', 'rounded down'],
  ['round', 'rounded to a multiple'],
  ['clamp', 'kept between two values'],
  ['clamp_min', 'kept above a value'],
  ['clamp_max', 'kept below a value'],
  ['exp', 'e to the power'],
  ['ln', 'natural logarithm'],
  ['log2', 'logarithm to base 2'],
  ['log10', 'logarithm to base 10'],
  ['sqrt', 'square root'],
  ['sgn', 'its sign: -1, 0 or 1'],
  ['scalar', 'the one value of a vector'],
  ['vector', 'a number as a vector'],
  ['sort', 'by value, rising'],
  ['sort_desc', 'by value, falling'],
  ['time', 'the moment of evaluation'],
  ['timestamp', 'when each sample was taken'],
  ['minute', 'minute of the hour'],
  ['hour', 'hour of the day'],
  ['day_of_week', 'day of the week, Sunday is 0'],
  ['day_of_month', 'day of the month'],
  ['day_of_year', 'day of the year'],
  ['days_in_month', 'days of the month'],
  ['month', 'month of the year'],
  ['year', 'the year'],
]

export const FUNCTIONS: readonly Known[] = NAMES.map(([name, help]) => ({ name, help }))

export const KEYWORDS: readonly string[] = [
  'by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'offset', 'and', 'or', 'unless', 'bool',
]

export const SPANS: readonly string[] = ['1m', '5m', '15m', '30m', '1h', '6h', '1d', '7d']
