"""Runs the golden inputs of `dupn export --format onnx` with onnxruntime: {folder} in, {task: [logit]} out."""
import json
import os
import sys

import numpy
import onnx
import onnxruntime

TYPES = {'float': numpy.float32, 'int64': numpy.int64}


def feeds(stored):
    return {
        name: numpy.array(feed['values'], TYPES[feed['element']]).reshape(feed['dims'])
        for name, feed in stored.items()
    }


def main():
    folder = json.load(sys.stdin)['folder']
    path = lambda name: os.path.join(folder, name)
    with open(path('onnx.json')) as head, open(path('golden.json')) as golden:
        graphs, golden = json.load(head), json.load(golden)
    for graph in [graphs['encoder'], *graphs['tasks'].values()]:
        onnx.checker.check_model(path(graph['file']), full_check=True)
    encoder = onnxruntime.InferenceSession(path(graphs['encoder']['file']))
    answers = {}
    for task, example in golden.items():
        names = [output.name for output in encoder.get_outputs()]
        encoded = dict(zip(names, encoder.run(None, feeds(example['encoder']))))
        head = onnxruntime.InferenceSession(path(graphs['tasks'][task]['file']))
        wanted = {value.name for value in head.get_inputs()}
        given = {name: value for name, value in encoded.items() if name in wanted}
        [logits] = head.run(['logits'], {**feeds(example['head']), **given})
        answers[task] = logits.flatten().tolist()
    json.dump(answers, sys.stdout)


main()
