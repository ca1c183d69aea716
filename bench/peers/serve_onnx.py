"""The model of `dupn export --format onnx` behind FastAPI, as one would serve it in Python: uvicorn on uvloop and httptools, orjson, requests
that come together in one run of onnxruntime on a thread of its own, representations of users kept until a new event comes.

    serve_onnx.py BUNDLE ONNX PORT THREADS WORKERS
"""
import asyncio
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy
import onnxruntime
import orjson
import pyarrow.parquet
import uvicorn
from fastapi import FastAPI, Request, Response

BATCH_SECONDS, BATCH_REQUESTS = 0.001, 64
PARTS = ['night', 'morning', 'afternoon', 'evening']

BUNDLE, ONNX, PORT, THREADS, WORKERS = sys.argv[1:6] if len(sys.argv) > 5 else os.environ['SERVE_ONNX'].split('\n')


def vocabulary(group, field):
    table = pyarrow.parquet.read_table(os.path.join(BUNDLE, 'vocabulary', group, f'{field}.parquet'))
    return dict(zip(table['value'].to_pylist(), table['index'].to_pylist()))


def ints(path):
    return numpy.fromfile(os.path.join(BUNDLE, 'items', path), numpy.int32).astype(numpy.int64)


class Model:
    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(THREADS)
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        load = lambda name: onnxruntime.InferenceSession(os.path.join(ONNX, name), options)
        self.encoder, self.head = load('encoder.onnx'), load('task-ctr.onnx')
        with open(os.path.join(BUNDLE, 'bundle.json')) as file:
            head = json.load(file)
        self.max_events = head['shape']['maxEvents']
        table = pyarrow.parquet.read_table(os.path.join(BUNDLE, 'items', 'items.parquet'))
        self.items = {}
        for item, row in zip(table['item_id'].to_pylist(), table['row'].to_pylist()):
            self.items.setdefault(item, row)
        self.single = {name: ints(f'{name}.i32') for name in ('item', 'shop', 'brand', 'category')}
        values, offsets = ints('tags.i32'), ints('tags.offsets.i32')
        counts = numpy.diff(offsets)
        self.tags = numpy.full((len(counts), counts.max()), -1, numpy.int64)
        rows = numpy.repeat(numpy.arange(len(counts)), counts)
        self.tags[rows, numpy.arange(len(values)) - numpy.repeat(offsets[:-1], counts)] = values
        self.properties = {name: vocabulary('properties', name) for name in ('behavior', 'scenario', 'partOfDay', 'weekend')}
        self.users = {name: vocabulary('user', name) for name in ('age', 'gender', 'city')}
        parts = [self.properties['partOfDay'].get(name, 1) for name in PARTS]
        weekend = [self.properties['weekend'].get(name, 1) for name in ('weekday', 'weekend')]
        self.parts, self.weekend = numpy.array(parts), numpy.array(weekend)

    def history(self, events):
        """Item rows and properties of each event, [events, 5]."""
        behavior, scenario = self.properties['behavior'], self.properties['scenario']
        seconds = numpy.array([event['time'][:19] for event in events], 'datetime64[s]').astype(numpy.int64)
        events = [events[at] for at in numpy.argsort(seconds, kind='stable')][-self.max_events:]
        seconds = numpy.sort(seconds)[-self.max_events:]
        # Day 0, 1970-01-01, was a Thursday.
        days = (seconds // 86400 + 3) % 7
        return numpy.stack([
            numpy.array([self.items.get(event['item'], 0) for event in events], numpy.int64),
            numpy.array([behavior.get(event['values']['behavior'], 1) for event in events], numpy.int64),
            numpy.array([scenario.get(event['values']['scenario'], 1) for event in events], numpy.int64),
            self.parts[seconds % 86400 // 21600],
            self.weekend[(days >= 5).astype(numpy.int64)],
        ], 1)

    def rows(self, prefix, rows):
        fields = {f'{prefix}.{name}': values[rows] for name, values in self.single.items()}
        return {**fields, f'{prefix}.tags': self.tags[rows]}

    def represent(self, histories, profiles):
        lengths = numpy.array([len(history) for history in histories], numpy.int64)
        steps = max(1, lengths.max())
        padded = numpy.zeros((steps, len(histories), 5), numpy.int64)
        for at, history in enumerate(histories):
            padded[:len(history), at] = history
        items, where = numpy.unique(padded[:, :, 0], return_inverse=True)
        feeds = self.rows('item', items)
        feeds['history'] = where.reshape(steps, -1)
        for at, name in enumerate(('behavior', 'scenario', 'partOfDay', 'weekend')):
            feeds[f'property.{name}'] = numpy.ascontiguousarray(padded[:, :, at + 1])
        for name, known in self.users.items():
            feeds[f'user.{name}'] = numpy.array([known.get(profile.get(name), 0) for profile in profiles], numpy.int64)
        return self.encoder.run(['representation'], {**feeds, 'lengths': lengths})[0]

    def answer(self, jobs):
        """Jobs are (history, profile, candidate rows, what is kept of the user)."""
        missing = [at for at, (_, _, _, kept) in enumerate(jobs) if kept is None or 'representation' not in kept]
        vectors = [None] * len(jobs)
        if missing:
            found = self.represent([jobs[at][0] for at in missing], [jobs[at][1] for at in missing])
            for at, vector in zip(missing, found):
                vectors[at] = vector
                if jobs[at][3] is not None:
                    jobs[at][3]['representation'] = vector
        for at, (_, _, _, kept) in enumerate(jobs):
            if vectors[at] is None:
                vectors[at] = kept['representation']
        counts = [len(candidates) for _, _, candidates, _ in jobs]
        feeds = self.rows('candidate', numpy.concatenate([candidates for _, _, candidates, _ in jobs]))
        feeds['request'] = numpy.repeat(numpy.arange(len(jobs)), counts)
        [probability] = self.head.run(['probability'], {**feeds, 'representation': numpy.stack(vectors)})
        return numpy.split(probability.flatten(), numpy.cumsum(counts)[:-1])


app = FastAPI()
state = {}


@app.on_event('startup')
async def start():
    state.update(model=Model(), users={}, queue=asyncio.Queue(), pool=ThreadPoolExecutor(1))
    state['task'] = asyncio.create_task(work())


async def work():
    loop, queue = asyncio.get_running_loop(), state['queue']
    while True:
        batch = [await queue.get()]
        if queue.qsize() < BATCH_REQUESTS - 1:
            await asyncio.sleep(BATCH_SECONDS)
        while len(batch) < BATCH_REQUESTS and not queue.empty():
            batch.append(queue.get_nowait())
        answers = await loop.run_in_executor(state['pool'], state['model'].answer, [job for job, _ in batch])
        for (_, future), answer in zip(batch, answers):
            future.set_result(answer)


@app.post('/v1/events')
async def events(request: Request):
    body = orjson.loads(await request.body())
    user = state['users'].setdefault(body['user'], {'events': []})
    user['events'] += body['events']
    user['history'] = state['model'].history(user['events'])
    user.pop('representation', None)
    return Response(orjson.dumps({'kept': len(user['events'])}), media_type='application/json')


@app.post('/v1/score')
async def score(request: Request):
    body = orjson.loads(await request.body())
    model = state['model']
    kept = None if 'history' in body else state['users'].get(body['user'])
    history = kept['history'] if kept else model.history(body.get('history', []))
    candidates = numpy.array([model.items.get(item, 0) for item in body['candidates']['item']], numpy.int64)
    future = asyncio.get_running_loop().create_future()
    state['queue'].put_nowait(((history, body.get('profile', {}), candidates, kept), future))
    probability = await future
    answer = {'scores': {'ctr': probability.tolist()}}
    return Response(orjson.dumps(answer), media_type='application/json')


if __name__ == '__main__':
    os.environ['SERVE_ONNX'] = '\n'.join(sys.argv[1:6])
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    uvicorn.run('serve_onnx:app', host='127.0.0.1', port=int(PORT), workers=int(WORKERS), loop='uvloop', http='httptools', access_log=False, log_level='warning')
