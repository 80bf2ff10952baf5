import type { ProblemView } from "../protocol/generated";
import { Icon } from "../view/icons";

interface ProblemListProps {
  readonly problems: readonly ProblemView[];
  readonly onShow: (node: string) => void;
  readonly onClose: () => void;
}

/** Everything wrong with the definition; choosing one goes to its node. */
export function ProblemList({ problems, onShow, onClose }: ProblemListProps) {
  return (
    <section className="fb-problems" aria-label="Problems">
      <header>
        <h2>Problems</h2>
        <button type="button" className="fb-tool" aria-label="Close problems" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <ProblemRows problems={problems} onShow={onShow} />
    </section>
  );
}

interface ProblemRowsProps {
  readonly problems: readonly ProblemView[];
  readonly onShow?: (node: string) => void;
}

export function ProblemRows({ problems, onShow }: ProblemRowsProps) {
  return (
    <ul className="fb-problem-rows">
      {problems.map((problem, i) => {
        const { node } = problem;
        const place = [node, problem.line === null ? null : `line ${problem.line}`].filter(Boolean);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: two problems may read the same
          <li key={i} data-severity={problem.severity}>
            <Icon name="warning" size={14} />
            <div>
              <p>{problem.message}</p>
              {problem.hint && <p className="fb-hint">{problem.hint}</p>}
              {onShow && node !== null ? (
                <button type="button" className="fb-link" onClick={() => onShow(node)}>
                  {place.join(", ")}
                </button>
              ) : null}
            </div>
          </li>
        );
      })}
    </ul>
  );
}
