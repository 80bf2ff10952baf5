import "./base.css";
import "./runs.css";
import "./schedules.css";
