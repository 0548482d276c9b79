/** The mark and the name. */
export function Logo() {
  return (
    <span className="logo">
      <svg width="24" height="24" viewBox="0 0 32 32" fill="none" aria-hidden>
        <rect width="32" height="32" rx="8" className="logo-ground" />
        <path d="M7 11.5 16 7l9 4.5v9L16 25l-9-4.5z" className="logo-line" />
        <path d="M7 11.5 16 16l9-4.5M16 16v9" className="logo-line" />
        <circle cx="16" cy="16" r="2.6" className="logo-dot" />
      </svg>
      <b>Flowcrate</b>
    </span>
  );
}
