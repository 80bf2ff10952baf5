"""The canvas as an anywidget, and the messages it speaks."""
