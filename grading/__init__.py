"""The instructor's tool: releases labs, packs hand-ins and grades them. Nothing imports it."""
