import { useReactFlow } from "@xyflow/react";
import { Icon } from "../view/icons";
import { motion } from "./useFrame";

interface ToolsProps {
  readonly onFit: () => void;
  readonly onTidyUp: () => void;
}

/** The buttons that change how the flow is looked at. */
export function Tools({ onFit, onTidyUp }: ToolsProps) {
  const { zoomIn, zoomOut } = useReactFlow();
  return (
    <div className="fb-tools" role="toolbar" aria-label="View">
      <Tool icon="plus" label="Zoom in" onClick={() => void zoomIn({ duration: motion(150) })} />
      <Tool icon="minus" label="Zoom out" onClick={() => void zoomOut({ duration: motion(150) })} />
      <Tool icon="fit" label="Fit the flow (f)" onClick={onFit} />
      <Tool icon="tidy" label="Tidy up: forget moved positions" onClick={onTidyUp} />
    </div>
  );
}

interface ToolProps {
  readonly icon: string;
  readonly label: string;
  readonly onClick: () => void;
}

function Tool({ icon, label, onClick }: ToolProps) {
  return (
    <button type="button" className="fb-tool" title={label} aria-label={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
