"""A node object that was added runs with the spec and the configuration the flow has now."""

from flowbook.graph.flow import Flow
from flowbook.graph.node import Node
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.nodes.router import RouterNode
from flowbook.session.project import Project
from flowbook.session.work import NodeCall


def test_an_added_router_takes_the_branches_of_its_conditions(tmp_path):
    flow = Flow("sizes", host=Project(tmp_path))

    @flow.node
    def total(n: int = 5):
        return n * 100

    router = RouterNode(
        NodeSpec("size", inputs=(InputSpec("total"),)),
        conditions=[{"id": "large", "expression": "value > 300"}],
        default_output="small",
    )
    size = flow.add(router)

    @flow.node
    def call(total=size.large):
        return f"call about {total}"

    @flow.node
    def write(total=size.small):
        return f"write about {total}"

    assert flow.run()["call"].output == "call about 500"
    assert flow.run(n=1)["write"].output == "write about 100"
    assert router.spec.config == {}, "the object that was added stays the user's"


def test_a_body_that_is_a_template_is_rendered_for_the_node():
    class Letter(Node):
        kind = "letter"
        body = "template"

        def run(self, context, inputs):
            return self.spec.body

    spec = NodeSpec(NodeId("mail"), "letter", body="Dear {{ who }},\nbye")
    given = NodeCall(Letter(spec), {})(None, {PortName("who"): "you"})
    assert dict(given.ports) == {"mail": "Dear you,\nbye"}
