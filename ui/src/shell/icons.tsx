// The few pictures there are: drawn on 16 by 16, in the colour of the text around them.
import type { ComponentChildren, JSX } from 'preact'

type Props = { size?: number }

function Icon({ size = 16, children }: Props & { children: ComponentChildren }): JSX.Element {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  )
}

/** The load line on a ship's hull. */
export const Mark = ({ size = 22 }: Props) => (
  <svg width={size} height={size} viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="3" aria-hidden="true">
    <circle cx="16" cy="16" r="9" />
    <path d="M2 16h28" />
  </svg>
)

export const ICONS = {
  Overview: (props: Props) => (
    <Icon {...props}>
      <circle cx="8" cy="8" r="4.5" />
      <path d="M1 8h14" />
    </Icon>
  ),
  Resources: (props: Props) => (
    <Icon {...props}>
      <path d="M2 4h12M2 8h12M2 12h12" stroke-opacity=".35" />
      <path d="M2 4h9M2 8h5M2 12h7" />
    </Icon>
  ),
  Alerts: (props: Props) => (
    <Icon {...props}>
      <path d="M8 2.2 14.2 13.2H1.8Z" />
      <path d="M8 6.6v3M8 11.4v.01" />
    </Icon>
  ),
  Objectives: (props: Props) => (
    <Icon {...props}>
      <circle cx="8" cy="8" r="6" />
      <circle cx="8" cy="8" r="2.5" />
    </Icon>
  ),
  Changes: (props: Props) => (
    <Icon {...props}>
      <path d="M2 12.5h12" />
      <path d="M5 12 7.5 7.5 10 12Z" fill="currentColor" />
      <path d="M11.5 3v5M14 5.5h-5" />
    </Icon>
  ),
  Capacity: (props: Props) => (
    <Icon {...props}>
      <path d="M2 4.5h12" stroke-dasharray="2.4 2" />
      <path d="M2 13.5c4-.4 8.500-2.600 12-7.500" />
    </Icon>
  ),
  'Load runs': (props: Props) => (
    <Icon {...props}>
      <path d="M2.500 12.500a6 6 0 1 1 11 0" />
      <path d="M8 11 10.800 6.600" />
    </Icon>
  ),
  Rules: (props: Props) => (
    <Icon {...props}>
      <path d="M2.5 4h1M2.5 8h1M2.5 12h1" />
      <path d="M6.5 4h7M6.5 8h7M6.5 12h4.5" />
    </Icon>
  ),
  More: (props: Props) => (
    <Icon {...props}>
      <path d="M2.5 4h11M2.5 8h11M2.5 12h11" />
    </Icon>
  ),
  Explore: (props: Props) => (
    <Icon {...props}>
      <path d="M2 2v12h12" />
      <path d="m4.5 10 3-3.5 2.5 2L14 4" />
    </Icon>
  ),
  Targets: (props: Props) => (
    <Icon {...props}>
      <circle cx="8" cy="8" r="1.2" />
      <path d="M4.9 11.1a4.4 4.4 0 0 1 0-6.2M11.1 4.9a4.4 4.4 0 0 1 0 6.2M2.8 13.2a7.4 7.4 0 0 1 0-10.4M13.2 2.8a7.4 7.4 0 0 1 0 10.4" />
    </Icon>
  ),
  Status: (props: Props) => (
    <Icon {...props}>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 7.4v3.4M8 5.1v.01" />
    </Icon>
  ),
}

export const Find = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.5" />
    <path d="m10.5 10.5 3.5 3.5" />
  </Icon>
)

export const Sun = () => (
  <Icon>
    <circle cx="8" cy="8" r="3" />
    <path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13" />
  </Icon>
)

export const Moon = () => (
  <Icon>
    <path d="M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1Z" />
  </Icon>
)

export const Half = () => (
  <Icon>
    <circle cx="8" cy="8" r="6" />
    <path d="M8 2a6 6 0 0 1 0 12Z" fill="currentColor" />
  </Icon>
)

export const Chevron = () => (
  <Icon size={14}>
    <path d="m6 3.5 4.5 4.5L6 12.5" />
  </Icon>
)
