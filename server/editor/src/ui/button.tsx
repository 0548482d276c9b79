import type { ButtonHTMLAttributes, ReactNode } from "react";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  tone?: "primary" | "danger" | "quiet";
  small?: boolean;
  children: ReactNode;
}

export function Button({ tone, small, className = "", children, ...rest }: Props) {
  return (
    <button type="button" className={`button ${tone ?? ""} ${small ? "small" : ""} ${className}`} {...rest}>
      {children}
    </button>
  );
}

interface IconProps extends Omit<Props, "title"> {
  /** Read to those who do not see the icon, and shown on hover. */
  label: string;
  /** Shown beside the label on hover: "Ctrl+Z". */
  shortcut?: string;
}

export function IconButton({ label, shortcut, className = "", ...rest }: IconProps) {
  return (
    <Button
      tone="quiet"
      className={`icon ${className}`}
      aria-label={label}
      title={shortcut ? `${label} (${shortcut})` : label}
      {...rest}
    />
  );
}
