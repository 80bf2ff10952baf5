/** The commands of the panel of rules; each takes a `flow` that it is about. */
export const RULES = {
  show: "flowbook:notifications",
  new: "flowbook:new-notification-rule",
} as const;
