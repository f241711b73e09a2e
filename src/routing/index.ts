export { type Candidate, type Choice, chooseBuilder, type Ineligible } from './choose-builder.ts';
export type { BuildRequest, ExternalBuilder, ExternalBuilders, RoutingClient } from './request.ts';
export { slotName } from './slot-name.ts';
