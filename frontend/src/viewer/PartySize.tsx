import { useId } from "react";

interface Props {
  readonly value: number;
  readonly most: number;
  readonly onChange: (size: number) => void;
}

/** How many want to sit together, one tap each; arrow keys walk as in any group of radio buttons. */
export function PartySize({ value, most, onChange }: Props) {
  const name = useId();
  return (
    <fieldset className="party" data-testid="party">
      <legend>How many are you?</legend>
      <div className="party-sizes">
        {Array.from({ length: most }, (_, i) => i + 1).map((size) => (
          <label key={size}>
            <input
              type="radio"
              name={name}
              value={size}
              checked={size === value}
              onChange={() => onChange(size)}
            />
            <span>{size}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
