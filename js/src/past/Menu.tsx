import { Icon } from "../view/icons";
import { useDropdown } from "../view/useDropdown";

export interface MenuItem {
  readonly name: string;
  readonly label: string;
  /** Why it cannot be done now. */
  readonly disabled?: string;
  readonly run: () => unknown;
}

/** A button with a list of things to do behind it. */
export function Menu({
  label,
  items,
}: {
  readonly label: string;
  readonly items: readonly MenuItem[];
}) {
  const { root, open, toggle, close, onKeyDown } = useDropdown();
  return (
    <span ref={root} className="fb-past-menu">
      <button
        type="button"
        className="fb-button"
        data-action="more"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={toggle}
      >
        <Icon name="more" />
      </button>
      {open && (
        <div role="menu" aria-label={label} tabIndex={-1} onKeyDown={onKeyDown}>
          {items.map((item) => (
            <button
              key={item.name}
              type="button"
              role="menuitem"
              data-action={item.name}
              aria-disabled={item.disabled ? true : undefined}
              title={item.disabled || undefined}
              onClick={() => {
                if (item.disabled) return;
                close();
                item.run();
              }}
            >
              {item.label}
              {item.disabled && <small>{item.disabled}</small>}
            </button>
          ))}
        </div>
      )}
    </span>
  );
}
