// The pages of planning, in the order in which they are asked for.
export const PLAN_PAGES: readonly { to: string; text: string }[] = [
  { to: '/capacity', text: 'Services' },
  { to: '/capacity/findings', text: 'Findings' },
  { to: '/capacity/sizes', text: 'Sizes' },
  { to: '/capacity/quotas', text: 'Quotas' },
  { to: '/capacity/growth', text: 'Growth' },
  { to: '/capacity/scenarios', text: 'Scenarios' },
  { to: '/capacity/worth', text: 'Worth' },
]
