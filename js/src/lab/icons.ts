/** Icons of our own, as JupyterLab's settings and menus name them. */
import { LabIcon } from "@jupyterlab/ui-components";
import flowSvg from "../../style/flow.svg";
import groupSvg from "../../style/group.svg";
import paletteSvg from "../../style/palette.svg";
import tidySvg from "../../style/tidy.svg";

export const flowIcon = new LabIcon({ name: "flowbook:flow", svgstr: flowSvg });
export const groupIcon = new LabIcon({ name: "flowbook:group", svgstr: groupSvg });
export const kindsIcon = new LabIcon({ name: "flowbook:kinds", svgstr: paletteSvg });
export const tidyIcon = new LabIcon({ name: "flowbook:tidy", svgstr: tidySvg });

/** The launcher shows an address where it knows kernels, not an icon. */
export const flowUrl = `data:image/svg+xml,${encodeURIComponent(flowSvg)}`;
