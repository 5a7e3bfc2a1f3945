import { Minus, Plus } from "./icons";

interface Props {
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly name: string;
  readonly onChange: (value: number) => void;
}

/** A number with a minus and a plus. */
export function Stepper({ value, least, most, name, onChange }: Props) {
  const set = (wanted: number) => onChange(Math.min(most, Math.max(least, wanted)));
  return (
    <div className="stepper" role="group" aria-label={name}>
      <button type="button" aria-label="One fewer" disabled={value <= least} onClick={() => set(value - 1)}>
        <Minus />
      </button>
      <output aria-live="polite">{value}</output>
      <button type="button" aria-label="One more" disabled={value >= most} onClick={() => set(value + 1)}>
        <Plus />
      </button>
    </div>
  );
}
