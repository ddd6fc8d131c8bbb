/** One reason of a decision: a code for machines, the numbers it rests on, and the words for people. */
export interface Reason {
  readonly code: ReasonCode;
  readonly message: string;
  readonly numbers: Readonly<Record<string, number>>;
}

export type ReasonCode =
  | 'Demand'
  | 'SignalLost'
  | 'SignalFallback'
  | 'Headroom'
  | 'HeadroomDistrusted'
  | 'Spill'
  | 'Delayed'
  | 'HeldForReady'
  | 'Draining'
  | 'DrainGuessed'
  | 'DrainForbidden'
  | 'Limited'
  | 'ScaledByOther'
  | 'Suspended'
  | 'NotEligible'
  | 'NoVmNodes'
  | 'PoolGrows'
  | 'PoolGrowth'
  | 'HpaCountsBurst'
  | 'PodsRefused'
  | 'BurstOnUnusableNode'
  | 'RescueAfterScaleUp'
  | 'RescueAfterWait'
  | 'RescueAtOnce'
  | 'RescueWaits'
  | 'NotRescuable'
  | 'Budget'
  | 'BudgetWithoutPrice'
  | 'SpendUnknown'
  | 'QuotaUnknown'
  | 'BreakerOpen'
  | 'BreakerProbes'
  | 'Steady';
