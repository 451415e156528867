"""What a run says, first as data (page, comparison), then as HTML, figures and a console table."""
