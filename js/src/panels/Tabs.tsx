/** Tabs of a panel: a list of names, one of them open. */
import { type KeyboardEvent, type ReactNode, useId } from "react";

interface TabsProps<T extends string> {
  readonly tabs: readonly T[];
  readonly counts: Partial<Record<T, number>>;
  readonly current: T;
  readonly onChange: (tab: T) => void;
  readonly children: ReactNode;
}

export function Tabs<T extends string>(props: TabsProps<T>) {
  const { tabs, counts, current, onChange, children } = props;
  const id = useId();
  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = tabs[(tabs.indexOf(current) + step + tabs.length) % tabs.length];
    if (step === 0 || next === undefined) return;
    onChange(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
    event.preventDefault();
  };
  return (
    <>
      <div className="fb-tabs" role="tablist" aria-label="What to show" onKeyDown={keys}>
        {tabs.map((tab) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={`${id}-${tab}`}
            data-tab={tab}
            aria-selected={tab === current}
            aria-controls={`${id}-panel`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => onChange(tab)}
          >
            {tab}
            {(counts[tab] ?? 0) > 0 && (
              <span className="fb-count">{counts[tab]?.toLocaleString("en-US")}</span>
            )}
          </button>
        ))}
      </div>
      <div
        className="fb-tab"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${current}`}
      >
        {children}
      </div>
    </>
  );
}
