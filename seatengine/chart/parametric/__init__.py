"""Parametric venues: the parts that `seatengine.chart.generate` puts together."""
