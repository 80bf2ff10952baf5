from flowbook.graph.problem import Problem, Severity, errors


def test_a_problem_says_what_where_and_what_to_do():
    problem = Problem(Severity.ERROR, "no node 'raw'", "clean", "c1", 3, "add it")
    assert str(problem) == "error: clean, cell c1, line 3: no node 'raw' (add it)"
    assert str(Problem(Severity.WARNING, "odd")) == "warning: odd"


def test_only_errors_keep_a_flow_from_running():
    problems = (Problem(Severity.WARNING, "odd"), Problem(Severity.ERROR, "bad"))
    assert errors(problems) == problems[1:]
