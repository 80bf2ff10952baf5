import "./base.css";
import "./runs.css";
import "./schedules.css";
import "./rules.css";
