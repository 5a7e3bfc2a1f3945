/** The page's own line icons, 20 px, drawn with the text's colour. */

import type { ReactNode } from "react";

function Icon({ children }: { readonly children: ReactNode }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const Plus = () => (
  <Icon>
    <path d="M10 4v12M4 10h12" />
  </Icon>
);

export const Minus = () => (
  <Icon>
    <path d="M4 10h12" />
  </Icon>
);

export const Whole = () => (
  <Icon>
    <path d="M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13" />
  </Icon>
);

export const Cross = () => (
  <Icon>
    <path d="m5 5 10 10M15 5 5 15" />
  </Icon>
);

export const Sun = () => (
  <Icon>
    <circle cx="10" cy="10" r="3.4" />
    <path d="M10 2v1.6M10 16.4V18M2 10h1.6M16.4 10H18M4.3 4.3l1.2 1.2M14.5 14.5l1.2 1.2M4.3 15.7l1.2-1.2M14.5 5.5l1.2-1.2" />
  </Icon>
);

export const Moon = () => (
  <Icon>
    <path d="M16.5 11.6A6.8 6.8 0 0 1 8.4 3.5a6.8 6.8 0 1 0 8.1 8.1Z" />
  </Icon>
);

export const MapIcon = () => (
  <Icon>
    <path d="M3 13.5a9 9 0 0 1 14 0M5.6 16.5a5.6 5.6 0 0 1 8.8 0M8 4.5h4" />
  </Icon>
);

export const ListIcon = () => (
  <Icon>
    <path d="M7 5.5h9.5M7 10h9.5M7 14.5h9.5M3.5 5.5h.01M3.5 10h.01M3.5 14.5h.01" />
  </Icon>
);

export const Tick = () => (
  <Icon>
    <path d="m4.5 10.5 3.6 3.6 7.4-8.2" />
  </Icon>
);

export const Back = () => (
  <Icon>
    <path d="M12 4.5 6.5 10l5.5 5.5" />
  </Icon>
);

export const Forward = () => (
  <Icon>
    <path d="M8 4.5 13.5 10 8 15.5" />
  </Icon>
);

export const Wheelchair = () => (
  <Icon>
    <circle cx="8.4" cy="3.4" r="1.3" />
    <path d="M8.4 6v5.2h5l2 4.3M8.6 8h3.6" />
    <path d="M6.2 9.6a4.3 4.3 0 1 0 6.2 5.2" />
  </Icon>
);
