import { Said } from "../../ui/Said.tsx";

interface Told {
  reason: string | null;
  reason_code: string | null;
  reason_values: Readonly<Record<string, unknown>> | null;
  review: string | null;
  review_code: string | null;
  review_values: Readonly<Record<string, unknown>> | null;
}

/** Why it did not arrive; else what a person should look at over there. */
export function DeliveryReason({ delivery }: { delivery: Told }) {
  const { reason, reason_code, reason_values, review, review_code, review_values } = delivery;
  if (reason !== null) return <Said text={reason} code={reason_code} values={reason_values} />;
  if (review !== null) return <Said text={review} code={review_code} values={review_values} />;
  return <>–</>;
}
